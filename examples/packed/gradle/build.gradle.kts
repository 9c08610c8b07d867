plugins {
    `java-library`
    `maven-publish`
}

group = "com.acme.payments"
version = "1.0.0"

publishing {
    publications { create<MavenPublication>("library") { from(components["java"]) } }
    repositories { maven { name = "Packed"; url = uri(layout.buildDirectory.dir("packed")) } }
}
