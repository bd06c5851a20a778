discard {all|plans|temp|temporary|sequences}
