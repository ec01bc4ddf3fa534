"""Film: recording it from cameras, cutting it, and showing it at signed addresses. See docs/film.md."""
