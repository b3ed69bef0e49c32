"""Every address of the product."""

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("setup/", admin.site.urls),
]
