organization := "com.acme.payments"
name := "amounts"
version := "1.0.0"
scalaVersion := "2.13.16"
publishTo := Some(MavenCache("packed", target.value / "packed"))
