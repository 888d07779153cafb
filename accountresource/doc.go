// Package accountresource is the door of the module: a host panel calls Register and has the pages, the schedule and
// the tables of Account Resources.
//
// It knows every other package and decides nothing: it takes options, opens the store and the mail backend, and wires
// the parts together. Only this package and web know Fiber.
package accountresource
