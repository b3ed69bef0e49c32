"""Calls to be listened to: scorecards of one's own, queues with criteria and sampling, and what reviewers gave."""
