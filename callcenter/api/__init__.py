"""The ground of the API for programs: keys and what they may, errors, versions, what happens once; no address."""
