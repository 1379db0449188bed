//! `/devices/{id}/groups`

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Device, Phone, Socket, TOKEN, World, answer, assert_like, eventually};

const RESPONSE: &str = r#"{
    "success": true,
    "data": {
        "groups": [
            {
                "id": "120363023345678901@g.us",
                "name": "Support Team",
                "description": null,
                "owner": "123456789@s.whatsapp.net",
                "createdAt": "2024-01-01T10:00:00Z",
                "isAnnounce": false,
                "isLocked": false,
                "isAdmin": true,
                "participantsCount": 2,
                "participants": [{"id": "123456789@s.whatsapp.net", "lid": "1@lid", "isAdmin": true, "isSuperAdmin": true}]
            }
        ],
        "pagination": {"page": 1, "limit": 20, "total": 1, "totalPages": 1}
    }
}"#;

impl World {
    async fn groups(&self, device: &Device, rest: &str) -> Answer {
        self.program.get(&format!("/devices/{}/groups{rest}", device.id)).await
    }

    /// Asks for a change of a group.
    async fn change(&self, device: &Device, method: Method, rest: &str, body: &Value) -> Answer {
        answer(self.program.request(method, &format!("/devices/{}/groups{rest}", device.id)).json(body)).await
    }

    /// Makes a group through the device; answers its id.
    async fn made(&self, device: &Device, subject: &str, participants: &[&Phone]) -> String {
        let participants: Vec<_> = participants.iter().map(|phone| &phone.number).collect();
        let made = self.change(device, Method::POST, "", &json!({"subject": subject, "participants": participants})).await;
        assert_eq!((made.status, &made.body["data"]["failed"]), (201, &json!([])), "{:?}", made.body);
        made.body["data"]["group"]["id"].as_str().unwrap().to_owned()
    }

    /// What WhatsApp itself has of a group.
    async fn shown(&self, group: &str) -> Value {
        let url = format!("http://{}/groups/{group}", self.sandbox.addr());
        answer(crate::world::http().get(url)).await.body
    }
}

/// What is shown of a participant.
fn participant<'a>(group: &'a Value, phone: &Phone) -> &'a Value {
    let participants = group["participants"].as_array().unwrap();
    participants.iter().find(|participant| participant["id"] == phone.jid()).unwrap_or(&Value::Null)
}

fn subjects(body: &Value) -> Vec<&str> {
    body["data"]["groups"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_listed_by_subject_and_searched() {
    let (world, device, ani, budi) = World::pair().await;
    let own = world.group("Arisan", &ani, &[&budi]).await;
    let others = world.group("Rapat", &budi, &[&ani]).await;
    let found = eventually("both groups are known", async || {
        let found = world.groups(&device, "").await;
        (subjects(&found.body) == ["Arisan", "Rapat"]).then_some(found.body)
    })
    .await;
    assert_like(&found, RESPONSE);
    let (arisan, rapat) = (&found["data"]["groups"][0], &found["data"]["groups"][1]);
    assert_eq!((&arisan["id"], &rapat["id"]), (&json!(own), &json!(others)));
    assert_eq!((&arisan["owner"], &rapat["owner"]), (&json!(ani.jid()), &json!(budi.jid())));
    assert_eq!((&arisan["isAdmin"], &rapat["isAdmin"], &rapat["participantsCount"]), (&json!(true), &json!(false), &json!(2)));
    let made = json!({"id": budi.jid(), "lid": budi.lid, "isAdmin": true, "isSuperAdmin": true});
    assert_eq!(participant(rapat, &budi), &made);
    for (query, expected) in [("?adminOnly=true", ["Arisan"]), ("?search=RAP", ["Rapat"]), ("?limit=1&page=2", ["Rapat"])] {
        assert_eq!(subjects(&world.groups(&device, query).await.body), expected, "{query}");
    }
    let one = world.groups(&device, &format!("/{own}")).await;
    assert_eq!((one.status, &one.body["data"]["group"]), (200, arisan));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_tells_a_group_as_it_is_shown() {
    let (world, device, ani, budi) = World::pair().await;
    let socket = Socket::open(&format!("{}/?token={TOKEN}&events=group", world.program.socket)).await;
    let group = world.group("Arisan", &ani, &[&budi]).await;
    let told = socket.wait_for("the new group", |frame| frame["type"] == "group_update").await;
    assert_eq!(told["data"], world.groups(&device, &format!("/{group}")).await.body["data"]["group"]);
    assert_eq!(world.change(&device, Method::POST, &format!("/{group}/leave"), &json!({})).await.status, 200);
    let told = socket.wait_for("that it is left", |frame| frame["type"] == "group_left").await;
    assert_eq!(told["data"], json!({"id": group}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_fetched_as_they_are_now() {
    let (world, device, ani, budi) = World::pair().await;
    let group = world.group("Arisan", &ani, &[&budi]).await;
    let live = world.groups(&device, "/live").await;
    assert_eq!((live.status, subjects(&live.body)), (200, vec!["Arisan"]), "{:?}", live.body);
    let one = world.groups(&device, &format!("/{group}/live")).await;
    assert_eq!((one.status, &one.body["data"]["group"]), (200, &live.body["data"]["groups"][0]), "{:?}", one.body);
    let foreign = world.group("Rahasia", &budi, &[]).await;
    let refused = world.groups(&device, &format!("/{foreign}/live")).await;
    assert_eq!((refused.status, refused.code()), (403, "FORBIDDEN"), "{:?}", refused.body);
    let refused = world.groups(&device, "/120363099999999999@g.us/live").await;
    assert_eq!((refused.status, refused.code()), (404, "NOT_FOUND"), "{:?}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_made_with_whom_it_can_have() {
    let (world, device, ani, budi) = World::pair().await;
    let body = json!({"subject": "Arisan", "description": "Tiap Senin", "participants": [budi.number, "6281199999999"]});
    let made = world.change(&device, Method::POST, "", &body).await;
    assert_eq!((made.status, &made.body["message"]), (201, &json!("Group created")), "{:?}", made.body);
    let data = &made.body["data"];
    assert_eq!(data["failed"], json!([{"id": "6281199999999@s.whatsapp.net", "success": false, "error": "not_added"}]));
    let group = &data["group"];
    assert_eq!(
        (&group["name"], &group["description"], &group["isAdmin"]),
        (&json!("Arisan"), &json!("Tiap Senin"), &json!(true)),
        "{group}"
    );
    assert_eq!((&group["owner"], &group["participantsCount"]), (&json!(ani.jid()), &json!(2)), "{group}");
    let id = group["id"].as_str().unwrap();
    let shown = world.shown(id).await;
    assert_eq!((&shown["subject"], &shown["description"]), (&json!("Arisan"), &json!("Tiap Senin")));
    let sent = device.sent(&world.program, id, "selamat datang").await;
    assert_eq!(budi.got(&sent).await["text"], "selamat datang");
    assert_eq!(subjects(&world.groups(&device, "").await.body), ["Arisan"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_changes_in_what_is_given_and_in_nothing_else() {
    let (world, device, _ani, budi) = World::pair().await;
    let group = world.made(&device, "Arisan", &[&budi]).await;
    let path = format!("/{group}");
    for (body, expected) in [
        (json!({}), json!(["Arisan", null, false, false])),
        (json!({"subject": "Arisan RT 5", "description": "Tiap Senin"}), json!(["Arisan RT 5", "Tiap Senin", false, false])),
        (json!({"announce": true, "locked": true}), json!(["Arisan RT 5", "Tiap Senin", true, true])),
        (json!({"announce": false, "description": null}), json!(["Arisan RT 5", null, false, true])),
    ] {
        let changed = world.change(&device, Method::PUT, &path, &body).await;
        assert_eq!((changed.status, &changed.body["message"]), (200, &json!("Group updated")), "{body}: {:?}", changed.body);
        let now = &changed.body["data"]["group"];
        assert_eq!(json!([now["name"], now["description"], now["isAnnounce"], now["isLocked"]]), expected, "{body}");
        let shown = world.shown(&group).await;
        assert_eq!(json!([shown["subject"], shown["description"], shown["announce"], shown["locked"]]), expected, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go_and_become_admins_each_with_an_outcome() {
    let (world, device, _ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let group = world.made(&device, "Arisan", &[&budi]).await;
    let (participants, admins) = (format!("/{group}/participants"), format!("/{group}/admins"));
    let done = |phone: &Phone| json!({"id": phone.jid(), "success": true, "error": null});
    let added = world.change(&device, Method::POST, &participants, &json!({"participants": [citra.number, "6281199999999"]})).await;
    assert_eq!((added.status, &added.body["message"]), (200, &json!("Participants added")), "{:?}", added.body);
    assert_eq!(added.body["data"]["groupId"], json!(group));
    let outcomes = &added.body["data"]["participants"];
    assert_eq!(outcomes[0], done(&citra));
    assert_eq!((&outcomes[1]["success"], &outcomes[1]["error"]), (&json!(false), &json!("not_found")), "{outcomes}");

    let one = |phone: &Phone| json!({"participants": [phone.number]});
    let seen = async |phone: &Phone| participant(&world.groups(&device, &format!("/{group}")).await.body["data"]["group"], phone).clone();
    for (method, admin) in [(Method::POST, true), (Method::DELETE, false)] {
        let changed = world.change(&device, method, &admins, &one(&citra)).await;
        assert_eq!((changed.status, &changed.body["data"]["participants"]), (200, &json!([done(&citra)])), "{:?}", changed.body);
        assert_eq!(seen(&citra).await["isAdmin"], admin);
    }
    let removed = world.change(&device, Method::DELETE, &participants, &one(&budi)).await;
    assert_eq!((removed.status, &removed.body["data"]["participants"]), (200, &json!([done(&budi)])), "{:?}", removed.body);
    assert_eq!(seen(&budi).await, Value::Null);
    let again = world.change(&device, Method::DELETE, &participants, &one(&budi)).await;
    assert_eq!((again.status, &again.body["data"]["participants"][0]["success"]), (200, &json!(false)), "{:?}", again.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_lets_in_until_it_is_revoked() {
    let (world, device, _ani, budi) = World::pair().await;
    let kios = world.device("Kios").await;
    world.link(&kios, &budi).await;
    let group = world.made(&device, "Arisan", &[]).await;
    let invite = world.groups(&device, &format!("/{group}/invite")).await;
    assert_eq!(invite.status, 200, "{:?}", invite.body);
    let code = invite.body["data"]["code"].as_str().unwrap().to_owned();
    assert_eq!(invite.body["data"]["link"], format!("https://chat.whatsapp.com/{code}"));
    assert_eq!(world.shown(&group).await["inviteCode"], code);

    let joined = world.change(&kios, Method::POST, "/join", &json!({"invite": invite.body["data"]["link"]})).await;
    assert_eq!((joined.status, &joined.body["message"]), (200, &json!("Group joined")), "{:?}", joined.body);
    assert_eq!((&joined.body["data"]["group"]["id"], &joined.body["data"]["group"]["isAdmin"]), (&json!(group), &json!(false)));
    let refused = world.groups(&kios, &format!("/{group}/invite")).await;
    assert_eq!((refused.status, refused.code()), (403, "FORBIDDEN"), "{:?}", refused.body);
    let left = world.change(&kios, Method::POST, &format!("/{group}/leave"), &json!({})).await;
    assert_eq!((left.status, &left.body["data"]), (200, &json!({"groupId": group})), "{:?}", left.body);
    assert_eq!(world.groups(&kios, &format!("/{group}")).await.code(), "NOT_FOUND");
    assert_eq!(subjects(&world.groups(&kios, "").await.body), Vec::<&str>::new());

    let renewed = world.change(&device, Method::POST, &format!("/{group}/invite/revoke"), &json!({})).await;
    let renewed = (renewed.status, renewed.body["data"]["code"].as_str().unwrap().to_owned());
    assert!(renewed.0 == 200 && renewed.1 != code, "{renewed:?}");
    let refused = world.change(&kios, Method::POST, "/join", &json!({"invite": code})).await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
    let joined = world.change(&kios, Method::POST, "/join", &json!({"invite": renewed.1})).await;
    assert_eq!(joined.status, 200, "{:?}", joined.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_for_members_is_forbidden_them() {
    let (world, device, ani, budi) = World::pair().await;
    let group = world.group("Rapat", &budi, &[&ani]).await;
    let foreign = world.group("Rahasia", &budi, &[]).await;
    let one = json!({"participants": [budi.number]});
    let of_members = ["/participants", "/admins"].into_iter().flat_map(|rest| [(Method::POST, rest), (Method::DELETE, rest)]);
    for (method, rest) in of_members {
        let refused = world.change(&device, method.clone(), &format!("/{foreign}{rest}"), &one).await;
        assert_eq!((refused.status, refused.code()), (403, "FORBIDDEN"), "{method} {rest}: {:?}", refused.body);
        // WhatsApp says of each member that they cannot be changed.
        let refused = world.change(&device, method.clone(), &format!("/{group}{rest}"), &one).await;
        let outcomes = json!([{"id": budi.jid(), "success": false, "error": "forbidden"}]);
        assert_eq!((refused.status, &refused.body["data"]["participants"]), (200, &outcomes), "{method} {rest}: {:?}", refused.body);
    }
    for (method, rest, body) in [(Method::PUT, "", json!({"locked": true})), (Method::POST, "/invite/revoke", json!({}))] {
        for group in [&group, &foreign] {
            let refused = world.change(&device, method.clone(), &format!("/{group}{rest}"), &body).await;
            assert_eq!((refused.status, refused.code()), (403, "FORBIDDEN"), "{method} {rest}: {:?}", refused.body);
        }
    }
    let shown = world.shown(&group).await;
    assert_eq!((&shown["locked"], shown["participants"].as_array().unwrap().len()), (&json!(false), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_and_what_is_no_group_is_not_found() {
    let (world, device, ani, budi) = World::pair().await;
    let group = world.group("Arisan", &ani, &[&budi]).await;
    let (of_group, participants) = (format!("/{group}"), format!("/{group}/participants"));
    let long = "x".repeat(101);
    for (method, rest, body) in [
        (Method::POST, "", json!({})),
        (Method::POST, "", json!({"subject": "x"})),
        (Method::POST, "", json!({"subject": " ", "participants": []})),
        (Method::POST, "", json!({"subject": long, "participants": []})),
        (Method::PUT, &of_group, json!({"subject": ""})),
        (Method::PUT, &of_group, json!({"announce": "yes"})),
        (Method::POST, &participants, json!({})),
        (Method::POST, &participants, json!({"participants": []})),
        (Method::DELETE, &participants, json!({"participants": "6281100000002"})),
        (Method::DELETE, &participants, json!({"participants": [6_281_100_000_002_u64]})),
        (Method::POST, "/join", json!({"invite": "https://example.com/x"})),
        (Method::POST, "/join", json!({"invite": "NoSuchInvitation00000"})),
    ] {
        let refused = world.change(&device, method.clone(), rest, &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{method} {rest} {body}: {:?}", refused.body);
    }
    for (method, rest, index, people) in [
        (Method::POST, "", 0, json!(["0811"])),
        (Method::POST, "", 1, json!([budi.number, group])),
        (Method::POST, &participants, 0, json!(["abc"])),
        (Method::DELETE, &participants, 1, json!([budi.number, ""])),
    ] {
        let refused = world.change(&device, method.clone(), rest, &json!({"subject": "x", "participants": people})).await;
        assert_eq!((refused.status, refused.code()), (400, "INVALID_PHONE_NUMBER"), "{method} {rest}: {:?}", refused.body);
        let details = refused.body["error"]["details"].as_str().unwrap();
        assert!(details.starts_with(&format!("participants[{index}]: ")), "{details}");
    }
    for id in ["unknown", "%ff", "120363099999999999@g.us", &budi.jid()] {
        for (method, rest, body) in [
            (Method::GET, "", Value::Null),
            (Method::GET, "/live", Value::Null),
            (Method::PUT, "", json!({"announce": true})),
            (Method::POST, "/participants", json!({"participants": [budi.number]})),
            (Method::POST, "/leave", json!({})),
            (Method::GET, "/invite", Value::Null),
        ] {
            let refused = world.change(&device, method.clone(), &format!("/{id}{rest}"), &body).await;
            assert_eq!((refused.status, refused.code()), (404, "NOT_FOUND"), "{method} {id}{rest}: {:?}", refused.body);
        }
    }
}
