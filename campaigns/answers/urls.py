"""The addresses of this room: questions, answers and results of campaigns."""

from __future__ import annotations

from django.urls import path

from campaigns.answers.views import call_answers, questions, results

urlpatterns = [
    path("campaigns/<int:pk>/results/", results.campaign_results, name="campaign-results"),
    path("campaigns/<int:pk>/questions/", questions.campaign_questions, name="campaign-questions"),
    path("campaigns/<int:pk>/questions/<int:question_pk>/", questions.question_edit, name="question-edit"),
    path("campaigns/<int:pk>/questions/<int:question_pk>/remove/", questions.question_remove, name="question-remove"),
    path("calls/<int:pk>/answers/<int:question_pk>/", call_answers.enter_answer, name="call-answer"),
]
