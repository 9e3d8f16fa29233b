"""Open Klant, by the API Klantinteracties 0.7 and later (Open Klant 2.16 and later)."""
