"""HTTP: health, figures, the team's sessions, analysis, the docs and the pages."""
