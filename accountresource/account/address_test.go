package account_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
)

func TestR3_AnAddressIsTrimmedLowerCasedAndOfThePanelsPattern(t *testing.T) {
	for text, want := range map[string]string{
		"ann@example.com":                          "ann@example.com",
		"  Ann.Lee@Example.COM\t":                  "ann.lee@example.com",
		"#1&2@example.com":                         "#1&2@example.com",
		"-a_b-c@a-b.example.photography":           "-a_b-c@a-b.example.photography",
		"a..b.@example.com":                        "a..b.@example.com", // the panel lets double and trailing dots pass
		strings.Repeat("a", 64) + "@example.com":   strings.Repeat("a", 64) + "@example.com",
		"a@" + strings.Repeat("b.", 100) + "local": "a@" + strings.Repeat("b.", 100) + "local",
	} {
		got, ok := account.ParseAddress(text)
		assert.True(t, ok, "%q", text)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{
		"", "ann", "@example.com", "ann@", "ann@example", "ann lee@example.com", "ann+tag@example.com", "a=b@example.com",
		"a/b@example.com", ".ann@example.com", "o'brien@example.com", `"ann"@example.com`, "ann@exa mple.com",
		"ann@@example.com", "ann@example.com, bob@example.com", "rené@example.com", "ann@exämple.com", "host$@example.com",
		"ann@example.c", "ann@example.abcdefghijklmnop", "ann@example.com\x00", "ann@example..com",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b.", 130) + "local",
	} {
		_, ok := account.ParseAddress(text)
		assert.False(t, ok, "%q", text)
	}
}

func TestPartsOfAnAddress(t *testing.T) {
	assert.Equal(t, "example.com", account.DomainOf("ann@example.com"))
	assert.Equal(t, "ann", account.LocalPart("ann@example.com"))
	assert.Equal(t, "example.com", account.DomainOf("example.com"))
}

func TestAMessageReadsInALog(t *testing.T) {
	assert.Equal(t, "reason_x (A=1, B=2)", account.Say("reason_x", "B", "2", "A", "1").String())
	assert.Equal(t, "reason_x", account.Say("reason_x").String())
	assert.True(t, account.Message{}.IsZero())
}

func FuzzParseAddress(f *testing.F) {
	f.Add("Ann@Example.COM")
	f.Add(" a@b.cc ")
	f.Fuzz(func(t *testing.T, text string) {
		address, ok := account.ParseAddress(text)
		again, okAgain := account.ParseAddress(address)
		require.Equal(t, ok, okAgain)
		if !ok {
			return
		}
		require.Equal(t, address, again, "parsing is idempotent")
		require.Equal(t, 1, strings.Count(address, "@"))
		for _, c := range address {
			require.True(t, c > ' ' && c < 0x7f, "ASCII without blanks only")
		}
	})
}
