"""Operations of campaigns, for programs."""
