"""Spreadsheets in: CSV and XLSX as people have them, read under limits, every error with its line and column."""
