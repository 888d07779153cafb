package dialect

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
)

// ErrNotBegun says that the server did not begin a transaction: it is the server that is to blame, whatever it was for.
var ErrNotBegun = errors.New("no transaction was begun")

// refusal is a kind of answer of SQL servers. Drivers have types for them, but which driver the host uses is not known here: those for
// PostgreSQL tell the SQLSTATE, the others are known by their words.
type refusal struct {
	states []string // SQLSTATEs of PostgreSQL, or the two characters of a class
	words  []string
}

// lost is that a transaction lost against another one (MySQL error 1213, which is Galera's too; SQLite SQLITE_BUSY), or that no connection
// was free for it (MySQL errors 1040 and 1203, PostgreSQL 53300).
var lost = refusal{
	states: []string{"40001", "40P01", "53300"},
	words:  []string{"Error 1213", "Error 1040", "Error 1203", "database is locked", "SQLITE_BUSY", "could not serialize access", "deadlock detected"},
}

// unwritable is that the server takes no changes at present, of whatever row: it is read-only (MySQL 1290, 1792, 1836; PostgreSQL 25006),
// not part of a cluster's majority (MySQL 1047), out of space (MySQL 1021, 1114, 1180; PostgreSQL class 53) or connections (MySQL 1040,
// 1203), going down (MySQL 1053; PostgreSQL class 57P), waits for a lock that somebody does not give back (MySQL 1205, PostgreSQL 55P03),
// or its disk fails (PostgreSQL class 58).
var unwritable = refusal{
	states: []string{"25006", "53", "57P", "58", "55P03"},
	words: []string{
		"Error 1290", "Error 1792", "Error 1836", "Error 1047", "Error 1021", "Error 1114", "Error 1180", "Error 1040", "Error 1203",
		"Error 1053", "Error 1205", "attempt to write a readonly database", "database or disk is full", "disk I/O error",
	},
}

// unmarked is that a savepoint does not exist (MySQL error 1305).
var unmarked = refusal{words: []string{"Error 1305"}}

// away are the errors of a connection that broke or could not be made (PostgreSQL class 08).
var away = refusal{
	states: []string{"08"},
	words:  []string{"invalid connection", "bad connection", "connection refused", "connection reset", "broken pipe"},
}

func (r *refusal) is(err error) bool {
	if err == nil {
		return false
	}
	var known interface{ SQLState() string }
	if errors.As(err, &known) {
		return slices.ContainsFunc(r.states, func(s string) bool { return strings.HasPrefix(known.SQLState(), s) })
	}
	text := err.Error()
	return slices.ContainsFunc(r.words, func(w string) bool {
		_, rest, found := strings.Cut(text, w)
		return found && (rest == "" || rest[0] < '0' || rest[0] > '9') // not the beginning of another number
	})
}

// IsLost reports whether a transaction lost against another one, or no connection was free for it: it may be made again.
func IsLost(err error) bool { return errors.Is(err, ErrTakenBack) || lost.is(err) }

// IsAway reports whether the connection to the server was lost or could not be made. A caller that went away says nothing of the server.
func IsAway(err error) bool {
	var network *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return false
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return true
	}
	return away.is(err)
}

// IsUnwritable reports whether the server takes no changes at present, whatever they are: it is read-only, full, going down, no longer
// part of its cluster, or a lock is not given back.
func IsUnwritable(err error) bool { return errors.Is(err, ErrNotBegun) || unwritable.is(err) }

// IsDown reports whether the server is to blame for an error, and not what it was asked for: it is away, does not answer in time, or takes
// no changes at present.
func IsDown(err error) bool {
	return !errors.Is(err, context.Canceled) && (errors.Is(err, ErrSilent) || IsAway(err) || IsUnwritable(err))
}
