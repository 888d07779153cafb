// Package servers starts the real servers that the integration tests talk to - a Samba AD domain controller, MariaDB,
// PostgreSQL and OpenLDAP - as children on private folders, sockets and loopback addresses, and stops them again by their
// process. The command in its folder run starts all of them once for a whole "go test" and tells the tests by
// environment variables where they are; tests ask Samba, MariaDB and PostgreSQL here.
//
// It owns nothing but test equipment: no other package of the module imports it outside of tests.
package servers
