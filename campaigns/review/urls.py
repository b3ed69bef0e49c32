"""The addresses of this room: queues, scorecards, the review of a call, results."""

from __future__ import annotations

from django.urls import path

from campaigns.review.views import queues, results, reviewing, scorecards

urlpatterns = [
    path("reviews/", queues.queues, name="review-queues"),
    path("reviews/new/", queues.queue_new, name="review-queue-new"),
    path("reviews/<int:pk>/", queues.queue, name="review-queue"),
    path("reviews/<int:pk>/edit/", queues.queue_edit, name="review-queue-edit"),
    path("reviews/results/", results.results, name="review-results"),
    path("scorecards/", scorecards.scorecards, name="scorecards"),
    path("scorecards/<int:pk>/", scorecards.scorecard, name="scorecard"),
    path("scorecards/<int:pk>/points/", scorecards.point_add, name="scorecard-point-add"),
    path("scorecards/<int:pk>/points/<int:point_pk>/remove/", scorecards.point_remove, name="scorecard-point-remove"),
    path("calls/<int:pk>/scorecards/<int:card_pk>/", reviewing.review, name="call-scorecard"),
]
