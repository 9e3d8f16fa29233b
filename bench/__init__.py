"""`make bench`: what the product does, beside a peer that does less, in the same run."""
