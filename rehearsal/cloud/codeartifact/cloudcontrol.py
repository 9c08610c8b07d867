from rehearsal.cloud.codeartifact.errors import not_implemented
def answer(service, principal, request):
    raise not_implemented("CloudControl")
