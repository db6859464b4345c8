module Paws.Tests.Runner.VerifyTests

open System.IO
open System.Text.Json.Nodes
open Expecto
open Paws.Tests

/// A folder with copies of golden files, changed on the way.
let private folder (files: (string * (JsonNode -> unit)) list) check () =
    use scratch = new ScratchFolder()

    for name, change in files do
        let root = Golden.file name
        change root
        scratch.Write(name, root.ToJsonString()) |> ignore

    check scratch.Path

let private keep (_: JsonNode) = ()

let private verify directory =
    PawsCommand.run [ "verify"; directory; "--device"; "cpu"; "--json" ]

let private casesOf (outcome: PawsOutcome) =
    let last = outcome.Out.TrimEnd().Split('\n') |> Array.last

    [
        for case in JsonNode.Parse(last).["cases"].AsArray() -> case["file"].GetValue<string>(), case["passed"].GetValue<bool>()
    ]

let private small = [
    "losses.json"
    "label_matrices.json"
    "schedules.json"
    "lars.json"
    "soft_nn_eval.json"
    "augment.json"
]

/// The golden number of a list of numbers or rows, moved by a little.
let private nudge (path: string list) (root: JsonNode) =
    let rec number (node: JsonNode) =
        match node with
        | :? JsonArray as list -> number list[0]
        | _ -> node

    let target =
        number (List.fold (fun (n: JsonNode) (key: string) -> n[key]) root[0] path)

    target.ReplaceWith(target.GetValue<float>() * (1.0 + 1e-6) + 1e-6)

/// The first model alone: the small one.
let private firstModel (root: JsonNode) =
    let models = root.AsArray()

    while models.Count > 1 do
        models.RemoveAt 1

[<Tests>]
let tests =
    testList "Runner.Verify" [
        testCase
            "all that is shipped passes, without the deep encoder"
            (folder [ for name in small -> name, keep ] (fun directory ->
                let outcome = verify directory
                Expect.equal outcome.Code 0 outcome.Error
                let cases = casesOf outcome
                Expect.isTrue (cases |> List.forall snd) "all passed"
                Expect.equal (cases |> List.map fst |> List.distinct |> List.sort) (List.sort small) "all files"
                Expect.isGreaterThan cases.Length 50 "cases"))

        testCase
            "an encoder: names, evaluation, training"
            (folder [ "models.json", firstModel ] (fun directory ->
                let outcome = verify directory
                Expect.equal outcome.Code 0 outcome.Error
                Expect.hasLength (casesOf outcome) 3 "comparisons"))

        for file, path in
            [
                "losses.json", [ "expected"; "total" ]
                "losses.json", [ "expected"; "grad_anchor_supports" ]
                "label_matrices.json", [ "expected" ]
                "schedules.json", [ "expected" ]
                "soft_nn_eval.json", [ "expected"; "probabilities" ]
                "models.json", [ "eval"; "after_head"; "norm" ]
                "models.json", [ "train"; "before_head"; "first8" ]
            ] do
            let place = String.concat "." path

            testCase
                $"a wrong number is found: {file}, {place}"
                (folder
                    [
                        file,
                        (fun root ->
                            (if file = "models.json" then
                                 firstModel root)

                            nudge path root)
                    ]
                    (fun directory ->
                        let outcome = verify directory
                        Expect.equal outcome.Code 1 outcome.Error
                        Expect.hasLength (casesOf outcome |> List.filter (snd >> not)) 1 "exceeding"))

        testCase
            "a wrong step of LARS is found"
            (folder
                [
                    "lars.json",
                    (fun root ->
                        let bias = root[0].["steps"].[2].["bias"].AsArray()
                        bias[0].ReplaceWith(bias[0].GetValue<float>() + 1e-6))
                ]
                (fun directory -> Expect.equal (verify directory).Code 1 "exit code"))

        testCase
            "a wrong image is found"
            (folder
                [
                    "augment.json",
                    (fun root ->
                        for row in root["cases"].[0].["expected"].AsArray() do
                            for pixel in row.AsArray() do
                                pixel[0].ReplaceWith(255 - pixel[0].GetValue<int>()))
                ]
                (fun directory ->
                    let outcome = verify directory
                    Expect.equal outcome.Code 1 outcome.Error
                    Expect.hasLength (casesOf outcome |> List.filter (snd >> not)) 1 "exceeding"))

        testCase "without --json the table goes to standard output" (fun () ->
            folder
                [ "schedules.json", keep ]
                (fun directory ->
                    let outcome = PawsCommand.run [ "verify"; directory; "--device"; "cpu" ]
                    Expect.equal outcome.Code 0 outcome.Error
                    Expect.stringContains outcome.Out "schedules.json" "file"
                    Expect.stringContains outcome.Out "2 cases within their bounds on cpu" "summary")
                ())

        testCase "what is not a golden file is refused by name" (fun () ->
            use scratch = new ScratchFolder()

            let refused parts =
                PawsCommand.expectMistake parts [ "verify"; scratch.Path ]

            PawsCommand.expectMistake [ "there is no folder" ] [ "verify"; Path.Combine(scratch.Path, "none") ]
            refused [ "has no golden files"; "losses.json" ]
            scratch.Write("losses.json", "not json") |> ignore
            refused [ "losses.json cannot be read as JSON" ]
            scratch.Write("losses.json", """[{"kind":"paws","tau":0.1}]""") |> ignore
            refused [ "losses.json[0] lacks \"expected\"" ]
            scratch.Write("losses.json", """[{"kind":"other"}]""") |> ignore
            refused [ "kind \"other\"" ]

            scratch.Write("losses.json", """[{"kind":"suncet","tau":"warm","embeddings":[[1,2],[3]],"labels":[[1]],"expected":{}}]""")
            |> ignore

            refused [ "losses.json[0]" ])
    ]
