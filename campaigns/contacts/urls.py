"""URLs of people, lists, the do-not-call list and imports."""

from __future__ import annotations

from django.urls import path

from campaigns.contacts.views import (
    do_not_call,
    duplicates,
    import_columns,
    import_rows,
    imports,
    lists,
    other_numbers,
    people,
)

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/new/", people.new_person, name="person-new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/edit/", people.edit_person, name="person-edit"),
    path("people/<int:pk>/notes/", people.add_note, name="person-note"),
    path("people/<int:pk>/notes/<int:note>/remove/", people.remove_note, name="person-note-remove"),
    path("people/<int:pk>/numbers/", other_numbers.add, name="person-number-add"),
    path("people/<int:pk>/numbers/<int:number>/remove/", other_numbers.remove, name="person-number-remove"),
    path("people/<int:pk>/numbers/<int:number>/call/", other_numbers.call_from_now_on, name="person-number-call"),
    path("people/<int:pk>/tags/", people.save_tags, name="person-tags"),
    path("people/<int:pk>/do-not-call/", people.forbid_person, name="person-forbid"),
    path("lists/", lists.lists, name="lists"),
    path("lists/new/", lists.new_list, name="list-new"),
    path("lists/<int:pk>/", lists.one_list, name="list"),
    path("lists/<int:pk>/rename/", lists.rename_list, name="list-rename"),
    path("lists/<int:pk>/remove-people/", lists.remove_people, name="list-remove-people"),
    path("lists/<int:pk>/remove/", lists.remove_list, name="list-remove"),
    path("people/<int:pk>/merge/", duplicates.choose, name="person-merge-choose"),
    path("people/<int:pk>/merge/<int:other>/", duplicates.merge, name="person-merge"),
    path("people/<int:pk>/take-apart/<int:other>/", duplicates.take_apart, name="person-take-apart"),
    path("do-not-call/", do_not_call.entries, name="do-not-call"),
    path("do-not-call/add/", do_not_call.add, name="do-not-call-add"),
    path("do-not-call/import/", imports.new_opt_outs, name="do-not-call-import"),
    path("do-not-call/export/", do_not_call.export, name="do-not-call-export"),
    path("do-not-call/<int:pk>/remove/", do_not_call.remove, name="do-not-call-remove"),
    path("imports/new/", imports.new_import, name="import-new"),
    path("imports/template/people.csv", imports.template, {"kind": "csv"}, name="import-template-csv"),
    path("imports/template/people.xlsx", imports.template, {"kind": "xlsx"}, name="import-template-xlsx"),
    path("imports/<int:pk>/", imports.show, name="import"),
    path("imports/<int:pk>/columns/", import_columns.map_columns, name="import-map"),
    path("imports/<int:pk>/check/", imports.check, name="import-check"),
    path("imports/<int:pk>/answers/", imports.answer, name="import-answers"),
    path("imports/<int:pk>/rows/", import_rows.rows, name="import-rows"),
    path("imports/<int:pk>/rows/fix/", import_rows.fix_row, name="import-row-fix"),
    path("imports/<int:pk>/numbers/", import_rows.choose_number, name="import-numbers"),
    path("imports/<int:pk>/save/", imports.save, name="import-save"),
    path("imports/<int:pk>/progress/", imports.progress, name="import-progress"),
    path("imports/<int:pk>/bad-rows/", imports.bad_rows_file, name="import-bad-rows"),
    path("imports/<int:pk>/undo/", imports.undo, name="import-undo"),
]
