"""What the calls came to: today, a campaign's progress and people, reports."""
