package dialect_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/dialect"
)

// stated is an error of a driver for PostgreSQL.
type stated string

func (s stated) Error() string    { return "the server says no" }
func (s stated) SQLState() string { return string(s) }

func TestWhichServersAreDown(t *testing.T) {
	network := &net.OpError{Op: "read", Err: errors.New("reset")}
	for _, err := range []error{
		dialect.ErrSilent, driver.ErrBadConn, network, io.ErrUnexpectedEOF, errors.New("invalid connection"), stated("08006"), stated("57P03"),
		errors.New("Error 1040: Too many connections"), fmt.Errorf("%w: %w", dialect.ErrNotBegun, errors.New("x")),
	} {
		assert.True(t, dialect.IsDown(fmt.Errorf("read: %w", err)), "%v", err)
	}
	for _, err := range []error{
		nil, context.Canceled, fmt.Errorf("%w: %w", network, context.Canceled), stated("23505"), errors.New("Error 1062: Duplicate entry"),
	} {
		assert.False(t, dialect.IsDown(err), "%v", err)
	}
}

func TestWhatAServerRefuses(t *testing.T) {
	for _, c := range []struct {
		err              error
		lost, unwritable bool
	}{
		{nil, false, false},
		{errors.New("Error 1213 (40001): Deadlock found when trying to get lock"), true, false},
		{errors.New("database is locked (5) (SQLITE_BUSY)"), true, false},
		{stated("40P01"), true, false},
		{stated("40001"), true, false},
		{errors.New("Error 1290 (HY000): The MariaDB server is running with the --read-only option"), false, true},
		{errors.New("Error 1047 (08S01): WSREP has not yet prepared node for application use"), false, true},
		{errors.New("Error 1205 (HY000): Lock wait timeout exceeded"), false, true},
		{errors.New("attempt to write a readonly database (8)"), false, true},
		{stated("25006"), false, true},
		{stated("53100"), false, true},
		{stated("53300"), true, true},
		{errors.New("Error 1040: Too many connections"), true, true},
		{stated("57P01"), false, true},
		{stated("55P03"), false, true},
		{fmt.Errorf("%w: %w", dialect.ErrNotBegun, errors.New("EOF")), false, true},
		{errors.New("Error 1062 (23000): Duplicate entry"), false, false},
		{errors.New("Error 12900: of no server"), false, false},
		{stated("23505"), false, false},
		{stated("22021"), false, false},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("write: %w", err)
		}
		assert.Equal(t, c.lost, dialect.IsLost(err), "%v", err)
		assert.Equal(t, c.unwritable, dialect.IsUnwritable(err), "%v", err)
	}
}
