"""The backends: one module a vendor, which translates between our types and the vendor's API."""
