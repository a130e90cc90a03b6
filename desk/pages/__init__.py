"""The pages, one module a page or a form; each takes a request apart, asks the lanes and renders a template."""
