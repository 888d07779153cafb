package directory

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// attributes are those that a listing asks for, each once.
func (s source) attributes() []string {
	names := []string{"objectGUID", "objectClass", "uSNChanged", s.mail}
	if s.status != "" {
		names = append(names, s.status)
	}
	for _, f := range account.AllFields() {
		if name := s.fields[f]; name != "" {
			names = append(names, name)
		}
	}
	if s.filterField == "group_filter" {
		names = append(names, "member")
	}
	seen := make(map[string]bool)
	return slices.DeleteFunc(names, func(name string) bool {
		again := seen[strings.ToLower(name)]
		seen[strings.ToLower(name)] = true
		return again
	})
}

// object turns an entry into a value. An entry without an identity cannot be told from others: it is an error, since
// passing over it would make a listing look whole that is not.
func (s source) object(e *ldap.Entry) (account.Object, error) {
	id, err := formatGUID(raw(e, "objectGUID"))
	if err != nil {
		return account.Object{}, fmt.Errorf("entry %s: %w", e.DN, err)
	}
	o := account.Object{ID: id, Kind: kindOf(e), DN: clean(e.DN), Mail: mailOf(s.mail, values(e, s.mail))}
	o.USN, _ = strconv.ParseInt(first(e, "uSNChanged"), 10, 64) // 0: it has none
	if s.status != "" {
		o.Disabled = disabled(s.status, first(e, s.status))
	}
	for f, name := range s.fields {
		o.Profile[f] = clean(first(e, name))
	}
	o.Members = len(values(e, "member"))
	return o, nil
}

// raw is the first value of an attribute, whose name compares without case.
func raw(e *ldap.Entry, name string) []byte { return e.GetEqualFoldRawAttributeValue(name) }

func values(e *ldap.Entry, name string) []string { return e.GetEqualFoldAttributeValues(name) }

func first(e *ldap.Entry, name string) string { return e.GetEqualFoldAttributeValue(name) }

// clean replaces what is no text, so that no database has to refuse it.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

func kindOf(e *ldap.Entry) account.ObjectKind {
	kind := account.User
	for _, class := range values(e, "objectClass") {
		switch strings.ToLower(class) {
		case "group":
			return account.Group
		case "contact":
			kind = account.Contact
		}
	}
	return kind
}

// mailOf picks the primary address of proxyAddresses, whose values carry their kind: "SMTP:" in capitals marks the
// primary one, "smtp:" the others, and further schemes are no mail at all. Other attributes are taken as they are.
func mailOf(attribute string, values []string) []string {
	if !strings.EqualFold(attribute, "proxyAddresses") {
		return values
	}
	for _, v := range values {
		if address, primary := strings.CutPrefix(v, "SMTP:"); primary {
			return []string{address}
		}
	}
	return nil
}

const accountDisabled = 0x2 // ADS_UF_ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16)

// disabled reads a status. Of Active Directory's own attributes it is a bit; in any other a word that says no. What
// is absent or not understood disables nobody. That an account has expired is not looked at: nothing in the
// directory changes at that moment, so that nobody would notice in time.
func disabled(attribute, value string) bool {
	switch strings.ToLower(attribute) {
	case "useraccountcontrol", "msds-user-account-control-computed":
		flags, err := strconv.ParseInt(value, 10, 64)
		return err == nil && flags&accountDisabled != 0
	}
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "false", "0", "no", "off", "disabled", "inactive", "locked":
		return true
	}
	return false
}

var errNoIdentity = errors.New("objectGUID is missing or not 16 bytes; the bind account needs to read it")

// formatGUID writes the 16 bytes of a GUID as text: the first three groups are little-endian (MS-DTYP 2.3.4.3).
func formatGUID(b []byte) (account.SourceID, error) {
	if len(b) != 16 {
		return "", errNoIdentity
	}
	ordered := []byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}
	ordered = append(ordered, b[8:]...)
	text := hex.EncodeToString(ordered)
	return account.SourceID(strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")), nil
}
