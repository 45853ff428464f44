"""HTML pages for buyers, one file per page. Views fetch rows, render a template and decide nothing."""
