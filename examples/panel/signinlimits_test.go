package main

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// door tries names at limits whose clock stands still unless the test moves it.
type door struct {
	t      *testing.T
	limits *signInLimits
	now    time.Time
	checks int
}

func newDoor(t *testing.T) *door {
	d := &door{t: t, now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	d.limits = newSignInLimits(func() time.Time { return d.now })
	return d
}

// try returns how long to wait, which is zero if the password was looked at.
func (d *door) try(name, address string, right bool) time.Duration {
	d.t.Helper()
	before := d.checks
	wait, ok, err := d.limits.try(name, net.ParseIP(address), func() (bool, error) {
		d.checks++
		return right, nil
	})
	require.NoError(d.t, err)
	require.Equal(d.t, wait == 0, d.checks == before+1, "a password is checked or refused, never both")
	require.Equal(d.t, wait == 0 && right, ok)
	return wait
}

// wrong tries n wrong passwords, which must all be looked at.
func (d *door) wrong(n int, name, address string) {
	d.t.Helper()
	for i := range n {
		require.Zero(d.t, d.try(name, address, false), "wrong password %d of %s from %s", i+1, name, address)
	}
}

func TestWrongPasswordsOfANameFromAnAddress(t *testing.T) {
	d := newDoor(t)
	d.wrong(5, "anna", "192.0.2.1")
	assert.Equal(t, 15*time.Minute, d.try("anna", "192.0.2.1", false))
	assert.Equal(t, 15*time.Minute, d.try("anna", "192.0.2.1", true), "a right one is not looked at either")
	assert.Zero(t, d.try("anna", "192.0.2.2", true), "from elsewhere the name is free")
	assert.Zero(t, d.try("bert", "192.0.2.1", true), "and so are other names")
	d.now = d.now.Add(15*time.Minute - time.Second)
	assert.Equal(t, time.Second, d.try("anna", "192.0.2.1", true))
	d.now = d.now.Add(time.Second)
	assert.Zero(t, d.try("anna", "192.0.2.1", true), "refused attempts do not make the wait longer")
}

func TestRightPasswordClearsTheNamesCount(t *testing.T) {
	d := newDoor(t)
	for range 6 {
		d.wrong(4, "anna", "192.0.2.1")
		require.Zero(t, d.try("anna", "192.0.2.1", true))
	}
	d.wrong(5, "anna", "192.0.2.1")
	assert.Positive(t, d.try("anna", "192.0.2.1", true), "it was the fifth in a row")
}

// Behind a reverse proxy all clients have one address: an attacker there does not lock out an admin who has signed in.
func TestAKnownNameIsNotLockedOutByItsAddress(t *testing.T) {
	d := newDoor(t)
	require.Zero(t, d.try("anna", "192.0.2.1", true))
	for i := range 20 {
		d.wrong(1, fmt.Sprint("guess", i), "192.0.2.1")
	}
	assert.Positive(t, d.try("bert", "192.0.2.1", true))
	assert.Zero(t, d.try("anna", "192.0.2.1", true))
}

func TestRightPasswordsNeverCount(t *testing.T) {
	d := newDoor(t)
	for range 500 {
		require.Zero(t, d.try("anna", "127.0.0.1", true))
	}
	d.wrong(5, "bert", "127.0.0.1")
	assert.Zero(t, d.try("anna", "127.0.0.1", true))
}

func TestWrongPasswordsFromAnAddress(t *testing.T) {
	for _, test := range []struct {
		name, same string
		address    func(i int) string
		other      string
	}{
		{"IPv4", "192.0.2.1", func(int) string { return "192.0.2.1" }, "192.0.2.2"},
		{"IPv4 in IPv6", "192.0.2.1", func(int) string { return "::ffff:192.0.2.1" }, "192.0.2.2"},
		{"IPv6 by /64", "2001:db8:1:2::ffff", func(i int) string { return fmt.Sprintf("2001:db8:1:2:%x::%x", i, i) }, "2001:db8:1:3::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDoor(t)
			for i := range 20 {
				d.wrong(1, fmt.Sprint("name", i), test.address(i))
			}
			assert.Equal(t, 15*time.Minute, d.try("anna", test.same, true))
			assert.Zero(t, d.try("anna", test.other, true))
		})
	}
}

func TestWrongPasswordsOfANameFromEverywhere(t *testing.T) {
	d := newDoor(t)
	require.Zero(t, d.try("anna", "192.0.2.200", true), "her desk")
	for i := range 25 {
		d.wrong(2, "anna", fmt.Sprint("192.0.2.", i))
	}
	assert.Equal(t, time.Hour, d.try("anna", "198.51.100.1", false))
	assert.Zero(t, d.try("anna", "192.0.2.200", false), "from her desk a mistake is allowed")
	assert.Zero(t, d.try("anna", "192.0.2.200", true), "and an attack from elsewhere does not lock her out")
	assert.Zero(t, d.try("bert", "198.51.100.1", true))
}

func TestNameLimitEndsAfterAnHour(t *testing.T) {
	d := newDoor(t)
	for i := range 50 {
		d.wrong(1, "anna", fmt.Sprint("192.0.2.", i))
	}
	assert.Positive(t, d.try("anna", "198.51.100.1", true))
	d.now = d.now.Add(time.Hour)
	assert.Zero(t, d.try("anna", "198.51.100.1", true))
}

func TestFailedCheckDoesNotCount(t *testing.T) {
	d := newDoor(t)
	broken := errors.New("the database is down")
	for range 30 {
		_, _, err := d.limits.try("anna", net.IPv4(192, 0, 2, 1), func() (bool, error) { return false, broken })
		require.ErrorIs(t, err, broken)
		require.Panics(t, func() {
			_, _, _ = d.limits.try("anna", net.IPv4(192, 0, 2, 1), func() (bool, error) { panic("broken") })
		})
	}
	assert.Zero(t, d.try("anna", "192.0.2.1", true))
}

func TestMemoryOfTheLimitsIsBounded(t *testing.T) {
	d := newDoor(t)
	for i := range 3 * mostKeys {
		address := net.IPv4(10, 0, byte(i>>8), byte(i)).String()
		d.try(fmt.Sprint("name", i), address, i%2 == 0)
		d.now = d.now.Add(time.Millisecond)
	}
	for name, tally := range map[string]*tally{
		"pairs": d.limits.pairs, "addresses": d.limits.addresses, "names": d.limits.names, "known": d.limits.known,
	} {
		assert.Len(t, tally.byKey, tally.order.Len(), name)
		assert.LessOrEqual(t, tally.order.Len(), mostKeys, name)
		assert.Greater(t, tally.order.Len(), mostKeys/2, name)
	}
	newest := 3*mostKeys - 1
	address := net.IPv4(10, 0, byte(newest>>8), byte(newest)).String()
	d.wrong(4, fmt.Sprint("name", newest), address)
	assert.Positive(t, d.try(fmt.Sprint("name", newest), address, true), "the newest are remembered")
}

func TestFourChecksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := newSignInLimits(time.Now)
		var running, ended atomic.Int32
		release := make(chan bool)
		for i := range 12 {
			go func() {
				_, _, _ = limits.try(fmt.Sprint("name", i), net.IPv4(192, 0, 2, byte(i)), func() (bool, error) {
					running.Add(1)
					defer running.Add(-1)
					return <-release, nil
				})
				ended.Add(1)
			}()
		}
		for i := range 12 {
			synctest.Wait()
			require.EqualValues(t, min(4, 12-i), running.Load(), "after %d have ended", i)
			release <- i%2 == 0
		}
		synctest.Wait()
		assert.EqualValues(t, 12, ended.Load())
	})
}

func TestManyAttemptsAtTheSameTime(t *testing.T) {
	for name, test := range map[string]struct {
		name, address func(i int) string
		right         bool
		checked       int32
	}{
		"one name, one address":   {func(int) string { return "anna" }, func(int) string { return "192.0.2.1" }, false, 5},
		"one address":             {func(i int) string { return fmt.Sprint(i) }, func(int) string { return "192.0.2.1" }, false, 20},
		"one name":                {func(int) string { return "anna" }, func(i int) string { return fmt.Sprint("192.0.2.", i) }, false, 50},
		"right, from one address": {func(int) string { return "anna" }, func(int) string { return "192.0.2.1" }, true, 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := newSignInLimits(time.Now)
				var checked, refused atomic.Int32
				for i := range 100 {
					go func() {
						wait, _, _ := limits.try(test.name(i), net.ParseIP(test.address(i)), func() (bool, error) {
							checked.Add(1)
							time.Sleep(time.Millisecond) // of the bubble's clock: bcrypt takes its time
							return test.right, nil
						})
						if wait > 0 {
							refused.Add(1)
						}
					}()
				}
				time.Sleep(time.Minute) // of the bubble's clock
				synctest.Wait()
				assert.Equal(t, test.checked, checked.Load())
				assert.Equal(t, 100-test.checked, refused.Load())
			})
		})
	}
}
