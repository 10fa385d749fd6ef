"""The report as one web page, in English and in Welsh."""
