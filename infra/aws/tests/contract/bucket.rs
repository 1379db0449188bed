//! What only files in S3 have to show: uploads in parts, the tag that a file's life goes by, and links that S3 itself answers.

use std::{io, time::Duration};

use aws::{Bucket, Clients, Resources};
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use bytes::Bytes;
use domain::{
    contract::samples::device,
    model::{DeviceId, MediaId},
    ports::{ByteStream, Clock, LinkOptions, Media, PutError, SystemClock},
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::stand_in::StandIn;

const STORAGE: &str = include_str!("../../../storage.yaml");

const MIB: usize = 1024 * 1024;

struct Stage {
    stand_in: StandIn,
    resources: Resources,
    bucket: Bucket,
    device: DeviceId,
}

impl Stage {
    async fn new() -> Self {
        let stand_in = StandIn::find().await;
        let resources = stand_in.stack().await;
        let bucket = Bucket::new(&Clients::to(&stand_in.url), &resources);
        Self { stand_in, resources, bucket, device: device("a").id }
    }

    fn s3(&self) -> Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.stand_in.url)
            .force_path_style(true)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::for_tests());
        Client::from_conf(config.build())
    }

    async fn read(&self, id: &MediaId) -> Option<Vec<u8>> {
        let file = self.bucket.open(&self.device, id).await.unwrap()?;
        let bytes = file.body.try_fold(Vec::new(), |mut all, bytes| async move {
            all.extend(bytes);
            Ok(all)
        });
        Some(bytes.await.unwrap())
    }

    /// Whether the file is tagged as kept.
    async fn kept(&self, id: &MediaId) -> String {
        let request = self.s3().get_object_tagging().bucket(&self.resources.files_bucket).key(format!("{}/{id}", self.device));
        let tags = request.send().await.unwrap().tag_set;
        let [tag] = &tags[..] else { panic!("{tags:?}") };
        assert_eq!(tag.key(), "kept");
        tag.value().to_owned()
    }
}

fn named(id: &str) -> MediaId {
    MediaId::parse(id).unwrap()
}

fn chunks(length: usize) -> Vec<io::Result<Bytes>> {
    (0..length).step_by(MIB).map(|start| Ok(Bytes::from(vec![(start / MIB) as u8; MIB.min(length - start)]))).collect()
}

fn body(chunks: Vec<io::Result<Bytes>>) -> ByteStream {
    stream::iter(chunks).boxed()
}

#[tokio::test]
async fn a_large_file_goes_in_parts() {
    let stage = Stage::new().await;
    for (id, length) in [("part", 5 * MIB), ("parts", 10 * MIB), ("odd", 12 * MIB + 1)] {
        let id = named(id);
        let size = stage.bucket.put(&stage.device, &id, body(chunks(length))).await.unwrap();
        assert_eq!(size, length as u64);
        let whole: Vec<u8> = chunks(length).into_iter().flat_map(Result::unwrap).collect();
        assert!(stage.read(&id).await.unwrap() == whole, "{id}");
    }
}

#[tokio::test]
async fn a_large_file_that_breaks_off_leaves_nothing_behind() {
    let stage = Stage::new().await;
    let id = named("x");
    stage.bucket.put(&stage.device, &id, body(vec![Ok(Bytes::from_static(b"former"))])).await.unwrap();
    let mut broken = chunks(7 * MIB);
    broken.push(Err(io::ErrorKind::ConnectionReset.into()));
    let put = stage.bucket.put(&stage.device, &id, body(broken)).await;
    assert!(matches!(put, Err(PutError::Body(error)) if error.kind() == io::ErrorKind::ConnectionReset));
    assert_eq!(stage.read(&id).await.as_deref(), Some(&b"former"[..]));
    let left = stage.s3().list_multipart_uploads().bucket(&stage.resources.files_bucket).send().await.unwrap();
    assert!(left.uploads().is_empty(), "{left:?}");
}

#[tokio::test]
async fn keeping_a_file_changes_the_tag_its_life_goes_by() {
    let stage = Stage::new().await;
    let id = named("x");
    stage.bucket.put(&stage.device, &id, body(chunks(1))).await.unwrap();
    assert_eq!(stage.kept(&id).await, "no");
    assert!(stage.bucket.keep(&stage.device, &id).await.unwrap());
    assert_eq!(stage.kept(&id).await, "yes");
    // The stand-in knows no rules.
    assert!(STORAGE.contains(r#"ExpirationInDays: 1, TagFilters: [{ Key: kept, Value: "no" }]"#));
}

#[tokio::test]
async fn a_ticket_takes_the_file_with_its_headers_and_not_without() {
    let stage = Stage::new().await;
    let (id, http) = (named("x"), reqwest::Client::new());
    let ticket = stage.bucket.ticket(&stage.device, &id, SystemClock.now() + Duration::from_secs(60), 1_000).await.unwrap();
    let put = || http.put(&ticket.url).body("handed in");
    let refused = put().send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let with_headers = ticket.headers.iter().fold(put(), |request, (name, value)| request.header(name, value));
    let taken = with_headers.send().await.unwrap();
    assert_eq!(taken.status(), 200, "{:?} {}", ticket, taken.text().await.unwrap());
    assert_eq!(stage.read(&id).await.as_deref(), Some(&b"handed in"[..]));
    assert_eq!(stage.kept(&id).await, "no");
}

#[tokio::test]
async fn pages_of_any_origin_may_use_tickets_and_links() {
    let stage = Stage::new().await;
    let cors = stage.s3().get_bucket_cors().bucket(&stage.resources.files_bucket).send().await.unwrap();
    let [rule] = cors.cors_rules() else { panic!("{cors:?}") };
    assert_eq!((rule.allowed_origins(), rule.allowed_headers()), (&["*".to_owned()][..], &["*".to_owned()][..]));
    assert!(["GET", "PUT"].iter().all(|method| rule.allowed_methods().iter().any(|allowed| allowed == method)), "{rule:?}");
}

#[tokio::test]
async fn a_link_leads_to_the_file_and_says_what_it_is_until_it_expires() {
    let stage = Stage::new().await;
    let id = named("x");
    stage.bucket.put(&stage.device, &id, body(vec![Ok(Bytes::from_static(b"<script>"))])).await.unwrap();
    let options = LinkOptions { mime_type: Some("text/html".into()), file_name: Some("foto \u{6771}.html".into()) };
    let good = stage.bucket.presign(&stage.device, &id, SystemClock.now() + Duration::from_secs(60), &options).await.unwrap().unwrap();
    let answer = reqwest::get(&good).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"foto _.html\"; filename*=UTF-8''foto%20%E6%9D%B1.html");
    assert_eq!(answer.text().await.unwrap(), "<script>");
    assert_eq!(reqwest::get(good.replace("text%2Fhtml", "text%2Fplain")).await.unwrap().status(), 403);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
    let short = stage.bucket.presign(&stage.device, &id, SystemClock.now(), &options).await.unwrap().unwrap();
    while reqwest::get(&short).await.unwrap().status() != 403 {
        assert!(tokio::time::Instant::now() < deadline, "it does not expire");
    }
}

#[tokio::test]
async fn a_device_with_more_files_than_a_page_is_cleared() {
    let stage = Stage::new().await;
    let puts = (0..1_005).map(|n| {
        let (bucket, device) = (stage.bucket.clone(), stage.device.clone());
        async move { bucket.put(&device, &named(&format!("x{n}")), body(chunks(1))).await }
    });
    stream::iter(puts).buffer_unordered(16).try_collect::<Vec<_>>().await.unwrap();
    stage.bucket.clear(&stage.device).await.unwrap();
    let left = stage.s3().list_objects_v2().bucket(&stage.resources.files_bucket).send().await.unwrap();
    assert!(left.contents().is_empty());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let stage = Stage::new().await;
    stage.bucket.check().await.unwrap();
    let missing = Resources { files_bucket: "nowhere".into(), ..stage.resources.clone() };
    assert!(Bucket::new(&Clients::to(&stage.stand_in.url), &missing).check().await.is_err());
}
