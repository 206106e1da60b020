"""What `docker-compose.yml` runs once; no part of the product."""
