package fakead

import "strings"

// attributeTypes are the attributes that the directory knows, with the object identifiers of Active Directory's
// schema (MS-ADA1 to MS-ADA3).
var attributeTypes = map[string]string{
	"objectClass": "2.5.4.0", "cn": "2.5.4.3", "sn": "2.5.4.4", "serialNumber": "2.5.4.5", "c": "2.5.4.6", "l": "2.5.4.7",
	"st": "2.5.4.8", "street": "2.5.4.9", "o": "2.5.4.10", "ou": "2.5.4.11", "title": "2.5.4.12", "description": "2.5.4.13",
	"postalCode": "2.5.4.17", "physicalDeliveryOfficeName": "2.5.4.19", "telephoneNumber": "2.5.4.20", "member": "2.5.4.31",
	"givenName": "2.5.4.42", "initials": "2.5.4.43", "distinguishedName": "2.5.4.49",
	"uid": "0.9.2342.19200300.100.1.1", "mail": "0.9.2342.19200300.100.1.3", "manager": "0.9.2342.19200300.100.1.10",
	"homePhone": "0.9.2342.19200300.100.1.20", "dc": "0.9.2342.19200300.100.1.25", "mobile": "0.9.2342.19200300.100.1.41",
	"employeeNumber": "1.2.840.113556.1.2.610", "employeeID": "1.2.840.113556.1.4.35", "displayName": "1.2.840.113556.1.2.13",
	"memberOf": "1.2.840.113556.1.2.102", "uSNCreated": "1.2.840.113556.1.2.19", "uSNChanged": "1.2.840.113556.1.2.120",
	"isDeleted": "1.2.840.113556.1.2.48", "whenChanged": "1.2.840.113556.1.2.3", "proxyAddresses": "1.2.840.113556.1.2.210",
	"company": "1.2.840.113556.1.2.146", "department": "1.2.840.113556.1.2.141", "mailNickname": "1.2.840.113556.1.2.447",
	"targetAddress": "1.2.840.113556.1.2.352", "info": "1.2.840.113556.1.2.81", "otherTelephone": "1.2.840.113556.1.2.18",
	"extensionAttribute1": "1.2.840.113556.1.2.423", "name": "1.2.840.113556.1.4.1", "objectGUID": "1.2.840.113556.1.4.2",
	"userAccountControl": "1.2.840.113556.1.4.8", "userWorkstations": "1.2.840.113556.1.4.86", "unicodePwd": "1.2.840.113556.1.4.90",
	"logonHours": "1.2.840.113556.1.4.64", "pwdLastSet": "1.2.840.113556.1.4.96", "primaryGroupID": "1.2.840.113556.1.4.98",
	"invocationId": "1.2.840.113556.1.2.115", "objectSid": "1.2.840.113556.1.4.146", "managedBy": "1.2.840.113556.1.4.653", "accountExpires": "1.2.840.113556.1.4.159",
	"sAMAccountName": "1.2.840.113556.1.4.221", "otherMobile": "1.2.840.113556.1.4.647", "lockoutTime": "1.2.840.113556.1.4.662",
	"userPrincipalName": "1.2.840.113556.1.4.656", "ipPhone": "1.2.840.113556.1.4.721", "groupType": "1.2.840.113556.1.4.750",
	"lastKnownParent": "1.2.840.113556.1.4.781", "objectCategory": "1.2.840.113556.1.4.782",
	"lockoutThreshold": "1.2.840.113556.1.4.73", "lockOutObservationWindow": "1.2.840.113556.1.4.61",
	"badPwdCount": "1.2.840.113556.1.4.12", "badPasswordTime": "1.2.840.113556.1.4.49", "msDS-ResultantPSO": "1.2.840.113556.1.4.2022",
	"msDS-LockoutThreshold": "1.2.840.113556.1.4.2019", "msDS-LockoutObservationWindow": "1.2.840.113556.1.4.2017",
	"attributeTypes": "2.5.21.5", "modifyTimeStamp": "2.5.18.2",
}

// schemaNames finds the name of an attribute by that in any case, or by its object identifier.
var schemaNames = func() map[string]string {
	names := make(map[string]string, 2*len(attributeTypes))
	for name, oid := range attributeTypes {
		names[strings.ToLower(name)], names[oid] = name, name
	}
	return names
}()

func schemaName(asked string) (name string, known bool) {
	name, known = schemaNames[strings.ToLower(asked)]
	return name, known
}

// typeDescriptions are the schema as the subschema entry shows it (RFC 4512, section 4.1.2).
func typeDescriptions() []string {
	var all []string
	for name, oid := range attributeTypes {
		all = append(all, "( "+oid+" NAME '"+name+"' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' )")
	}
	return all
}
