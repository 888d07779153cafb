//go:build integration

package integration_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	runs "github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends/memory"
)

// FAULT_STEP is how far it is from one search of a run that goes wrong to the next; 1 is each.
const defaultFaultStep = 2

// Whatever a directory answers instead of what it should, in the listings of users or groups and in every other search:
// nobody is removed for it, and the next run without a fault makes everything good.
func TestR13_WhateverTheDirectoryAnswersNobodyIsRemovedForIt(t *testing.T) {
	t.Parallel()
	faults := map[string]fakead.Fault{
		"cut":                 {Cut: true},
		"size limit":          {Code: ldap.LDAPResultSizeLimitExceeded, Text: "size limit"},
		"time limit":          {Code: ldap.LDAPResultTimeLimitExceeded, Text: "time limit"},
		"administrator limit": {Code: ldap.LDAPResultAdminLimitExceeded, Text: "limit"},
		"busy":                {Code: ldap.LDAPResultBusy, Text: "busy"},
		"unavailable":         {Code: ldap.LDAPResultUnavailable, Text: "going down"},
		"operations error":    {Code: ldap.LDAPResultOperationsError, Text: "bind first"},
		"no such object":      {Code: ldap.LDAPResultNoSuchObject, Text: "base moved"},
		"no access":           {Code: ldap.LDAPResultInsufficientAccessRights, Text: "no"},
		"referral":            {Code: ldap.LDAPResultReferral, Text: "elsewhere"},
		"empty page":          {Hollow: true},
		"empty listing":       {Hollow: true, Paging: fakead.Lost},
		"lost page":           {Paging: fakead.Lost},
		"skipped page":        {Paging: fakead.Skipped},
		"circle":              {Paging: fakead.Circle},
		"wrong cookie":        {Paging: fakead.Garbled},
		"no paging":           {Paging: fakead.Bare},
	}
	domain := mailDomain(t)
	mail := memory.New()
	mail.AddDomain(account.Domain{Name: domain, Active: true, Quota: 1024})
	tables, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "panel.db")+
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { _ = tables.Close() })
	w := newWorld(t, domain, mail, tables)
	w.selfRow = func(address string) bool {
		active, exists := mail.Route(account.Route{Address: address, Forwarding: address})
		return exists && active
	}
	step, broken := number(t, "FAULT_STEP", defaultFaultStep), 0
	for name, fault := range faults {
		refuses := fault.Cut || fault.Code != 0
		for i, wanted := range []runs.Mode{runs.Full, runs.Incremental} {
			for fault.Search = 1 + i; ; fault.Search += step {
				if refuses { // after none, some, or all entries of the page
					fault.After = []int{0, 3, 8}[fault.Search%3]
				}
				because := fmt.Sprintf("%s in search %d of a run (%s), behind %d entries", name, fault.Search, wanted, fault.After)
				w.changesSomething()
				w.ad.Break(fault)
				got := w.runs(w.config, wanted)
				happened := w.ad.Searches() >= fault.Search
				w.ad.Mend()
				w.nobodyIsLost(because)
				if happened {
					broken++
				}
				if happened && refuses && got.Outcome == runs.Failed {
					assert.Zero(t, got.Counts[account.ActionDeleted], because)
				}
				w.confirms()
				next := runs.Incremental
				if !refuses {
					next = runs.Full // what looked whole may have hidden newcomers, whom nobody misses
				}
				w.settles(next, because, got.Outcome, got.Counts)
				if !happened {
					break
				}
			}
		}
	}
	t.Logf("%d runs, %d of them with a fault; nobody was removed who should not be", w.executed, broken)
	assert.Greater(t, broken, 100)
}
