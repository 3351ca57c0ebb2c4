"""From stems to a performance: what a mix is, how it is rendered, and what it is written as."""
