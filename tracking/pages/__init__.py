"""HTML views, one file per page. They decide nothing: they fetch, hand to a template, and answer."""
