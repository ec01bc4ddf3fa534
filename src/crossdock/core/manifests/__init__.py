"""What goes out of the door together: parcels on a manifest, and who took them."""
