module Paws.Tests.Runner.SupportTermTests

open Expecto
open Paws.Runner
open Paws.Runner.Config

let private load (sets: string list) = ConfigLoader.Load(sets = sets)

let private resolve sets methodGiven weightGiven =
    let config = SupportTerm.Resolve(load sets, methodGiven, weightGiven, true, null)
    config.Method.Name, config.Criterion.SupportWeight, TrainMethod.Of config

let private refused contained action =
    let error = Expect.throwsC action id
    Expect.isTrue (error :? UserErrorException) "a mistake of the user's"
    Expect.stringContains error.Message contained "what to do"

let private own = Experiment("mine", (fun _ _ -> failwith "not called"))

[<Tests>]
let tests =
    testList "Runner.SupportTerm" [
        test "the published method has no such term" { Expect.equal (resolve [] false false) ("paws", 0.0, "paws") "by default" }

        test "a weight makes paws paws+suncet" {
            Expect.equal
                (resolve [ "criterion.support_weight=0.5" ] false true)
                ("paws", 0.5, "paws+suncet")
                "called so, and its number in one place"
        }

        test "paws+suncet has a weight of 1, or the one that is given" {
            Expect.equal (resolve [ "method.name=paws+suncet" ] true false) ("paws", 1.0, "paws+suncet") "by its name"

            Expect.equal
                (resolve [ "method.name=paws+suncet"; "criterion.support_weight=3" ] true true)
                ("paws", 3.0, "paws+suncet")
                "as given"
        }

        test "who names the method paws gets the published one, whatever a preset has" {
            Expect.equal (resolve [ "criterion.support_weight=1" ] true false) ("paws", 0.0, "paws") "the preset's weight gives way"

            Expect.equal
                (resolve [ "criterion.support_weight=1" ] true true)
                ("paws", 1.0, "paws+suncet")
                "a weight of the user's own does not"
        }

        test "without the term ME-Max is as published, unless the user, or the run that goes on, says otherwise" {
            let meMax sets methodGiven weightGiven ofPreset =
                SupportTerm.Resolve(load ("criterion.me_max=false" :: sets), methodGiven, weightGiven, ofPreset, null).Criterion.MeMax

            let preset = [ "criterion.support_weight=1" ]
            Expect.isFalse (meMax preset false false true) "with the term: as the preset has it"
            Expect.isTrue (meMax preset true false true) "the method paws"
            Expect.isTrue (meMax [ "criterion.support_weight=0" ] false true true) "its weight 0"
            Expect.isTrue (meMax ("method.name=byol" :: preset) true false true) "another method"
            Expect.isFalse (meMax preset true false false) "the user's own word"
        }

        test "other methods have none, and a weight for them is refused" {
            let sets = [ "method.name=byol"; "criterion.support_weight=1" ]
            Expect.equal (resolve sets true false) ("byol", 0.0, "byol") "a preset's gives way"
            refused "method byol has no such term" (fun () -> resolve sets true true |> ignore)
        }

        test "paws+suncet with weight 0 is refused" {
            refused "name the method paws" (fun () ->
                resolve [ "method.name=paws+suncet"; "criterion.support_weight=0" ] true true
                |> ignore)
        }

        test "an objective of one's own takes its place too" {
            let preset = load [ "criterion.support_weight=1" ]
            Expect.equal (SupportTerm.Resolve(preset, false, false, true, own).Criterion.SupportWeight) 0.0 "a preset's gives way"
            refused "the objective mine" (fun () -> SupportTerm.Resolve(preset, false, true, true, own) |> ignore)
        }
    ]
