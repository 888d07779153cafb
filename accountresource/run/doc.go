// Package run is one replication from beginning to end: take the lease, settle what an earlier run left, read, plan, apply
// phase by phase, write the history. It also runs what shares that way and stops early: the preview and the sample of a
// connection test.
//
// It declares the ports it works through (Reader, Links, Journal, Leases, Removals, Watermarks, Tasks, Application) and imports
// account, resource, plan, recovered and backends only: no directory, store, Fiber, gocron or go-ldap, so that the whole
// pipeline runs in milliseconds on the memory backend.
package run
