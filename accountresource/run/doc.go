// Package run is one replication from beginning to end: lease, read, plan, guard, apply in batches, journal. It also
// runs what shares that way and stops early: the connection test.
//
// It declares the ports it works through (Reader, Links, Journal, Leases) and imports account, resource, plan and
// backends only: no directory, store, Fiber, gocron or go-ldap, so that the whole pipeline runs in milliseconds on the
// memory backend.
package run
