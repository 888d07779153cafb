package accountresource_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// mailboxOf returns where the mail of an address is, and whether it is on.
func (h *host) mailboxOf(address string) (home string, active bool) {
	h.t.Helper()
	require.NoError(h.t, h.db.QueryRowContext(h.t.Context(),
		`SELECT storagenode || maildir, active FROM mailbox WHERE username = ?`, address).Scan(&home, &active), address)
	return home, active
}

// Somebody who moves from the unit of one resource to that of another keeps the mailbox, whichever resource runs first, also where
// leavers are deleted and where the address changes on the way.
func TestR16_AMoveBetweenResourcesKeepsTheMailbox(t *testing.T) {
	for name, order := range map[string][]int{"the old resource first": {0, 1, 0}, "the new resource first": {1, 0, 1, 0}} {
		for _, address := range []string{"", "moved@" + hosted} {
			t.Run(name+" "+address, func(t *testing.T) {
				f := newFollowed(t, 16)
				unit := func(n int) string { // of a person
					_, unit, _ := strings.Cut(f.ad.People()[n], ",")
					return unit
				}
				require.NotEqual(t, unit(0), unit(1))
				bases := []string{f.base, f.add()}
				for i, base := range bases {
					f.form.Set("base_dn", unit(i))
					require.Equal(t, http.StatusSeeOther, f.post(base+"/connection", f.form).status)
					require.Equal(t, http.StatusSeeOther, f.post(base+"/replication", url.Values{
						"interval": {"60"}, "existing_accounts": {"link"}, "delete": {"on"}, "keep_days": {"30"}, "max_removals": {"20"}, "max_removal_percent": {"100"},
					}).status)
					require.Equal(t, http.StatusSeeOther, f.post(base+"/enable", nil).status)
				}
				run := func(i int) string {
					f.base = bases[i]
					f.idle()
					f.replicate()
					return f.get(f.base + "/status").body
				}
				gone, is := f.ad.People()[0], "mover@"+hosted
				require.NoError(t, f.ad.Modify(gone, fakead.Attributes{"userPrincipalName": {is}}))
				run(0)
				run(1)
				home, _ := f.mailboxOf(is)
				rdn, _, _ := strings.Cut(gone, ",")
				moved := rdn + "," + unit(1)
				require.NoError(t, f.ad.Move(gone, moved))
				if address != "" {
					is = address
					require.NoError(t, f.ad.Modify(moved, fakead.Attributes{"userPrincipalName": {address}}))
				}
				for _, i := range order {
					assert.Contains(t, run(i), `"deleted":0,"disabled":0`)
				}
				now, active := f.mailboxOf(is)
				assert.Equal(t, home, now)
				assert.True(t, active)
				for i := range bases {
					assert.Contains(t, run(i), `"conflicts":0`)
				}
			})
		}
	}
}
