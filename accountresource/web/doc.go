// Package web is what an admin sees: Fiber handlers, forms, view models and the renderer; one file a page.
//
// It works through the ports declared here and never touches a backend, a directory or the store. It draws its pages
// with its own html/template set into a buffer and hands title and content to the host's layout, so that the host's
// view engine, error handler and routes stay as they are.
package web
