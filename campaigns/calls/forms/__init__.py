"""Forms of Quick call, the call log and remarks."""
