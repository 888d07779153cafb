// Package store keeps the module's own tables in the host's database: resources, links, runs with their log, leases. One
// file a table. It implements the ports of run and of web by the shape of its methods.
//
// It decides nothing. It holds no rows and no transaction open while the caller's code runs, so that a pool of one
// connection is enough.
package store
