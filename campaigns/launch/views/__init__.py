"""The screens of campaigns: builder, launch check, page, redial."""
