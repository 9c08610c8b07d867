rootProject.name = "cents"
