"""Modules served in place of packages that are missing or broken."""
