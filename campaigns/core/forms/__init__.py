"""Fields that several rooms' forms share."""
