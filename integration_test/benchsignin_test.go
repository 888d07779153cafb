//go:build integration

package integration_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

// signInPeople is how many people sign in, signInClients how many of them at a time.
const signInPeople, signInClients = 120, 8

// BenchmarkSignIn measures sign-ins as Dovecot asks for them, of people who have not signed in a moment ago, beside bare binds at the
// directory with the same passwords over connections that are kept: sign-ins per second, and the ratio.
func BenchmarkSignIn(b *testing.B) {
	for b.Loop() {
		store, who := newMail(b), newPeople(b)
		addresses, dns := make([]string, signInPeople), make([]string, signInPeople)
		for n := range addresses {
			addresses[n] = fmt.Sprintf("person%d@%s", n, store.hosted())
			dns[n] = who.account(fmt.Sprintf("person%d ", n)+unique(), personPassword)
			who.change(dns[n], attributes{"userPrincipalName": addresses[n]})
		}
		set := store.settings()
		set["PANEL_SIGNIN_LISTEN"] = "127.0.0.1:0"
		p := startBinary(b, binaries.panel(b, false), set, personPassword)
		s := p.connected("samba", sambaConnection(who.directory, who.unit, store.hosted()))
		s.replicate()
		s.saved("signin", values{"signin": "directory"})
		script := s.file(b, "account-resource-sign-in.lua", "mysql")
		found := regexp.MustCompile(`(?:URL|TOKEN) = "([^"]+)"`).FindAllStringSubmatch(script, 2)
		require.Len(b, found, 2)

		connections := make([]*ldap.Conn, signInClients)
		for client := range connections {
			connections[client] = who.directory.Connect(b)
		}
		floor := atOnce(b, func(client, n int) { require.NoError(b, connections[client].Bind(dns[n], personPassword)) })
		rate := atOnce(b, func(_, n int) {
			form := url.Values{"user": {addresses[n]}, "password": {personPassword}, "service": {"imap"}, "rip": {"192.0.2.7"}}
			request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, found[0][1], strings.NewReader(form.Encode()))
			require.NoError(b, err)
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.Header.Set("Authorization", "Bearer "+found[1][1])
			response, err := http.DefaultClient.Do(request)
			require.NoError(b, err)
			defer response.Body.Close()
			verdict, err := io.ReadAll(response.Body)
			require.NoError(b, err)
			require.Equal(b, "ok", string(verdict))
		})
		b.ReportMetric(rate, "sign-ins/s")
		b.ReportMetric(floor, "binds/s")
		b.ReportMetric(rate/floor, "ratio")
		b.ReportMetric(0, "ns/op")
	}
}

// atOnce has clients do something for every person, and returns how many a second.
func atOnce(b *testing.B, do func(client, n int)) float64 {
	b.Helper()
	var all sync.WaitGroup
	began := time.Now()
	for client := range signInClients {
		all.Go(func() {
			for n := client; n < signInPeople; n += signInClients {
				do(client, n)
			}
		})
	}
	all.Wait()
	return signInPeople / time.Since(began).Seconds()
}
