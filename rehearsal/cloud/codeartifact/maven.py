from rehearsal.cloud.codeartifact.endpoints import EndpointCall, unsupported
async def handle(call: EndpointCall):
    raise unsupported(call)
