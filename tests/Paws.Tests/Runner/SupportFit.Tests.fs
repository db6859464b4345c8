module Paws.Tests.Runner.SupportFitTests

open System
open System.Collections.Generic
open Expecto
open Paws.Runner.Config

let private config sets = ConfigLoader.Load(sets = sets)

let private supports images views =
    config [
        $"criterion.supervised_imgs_per_class={images}"
        $"criterion.supervised_views={views}"
    ]

let private criterion (c: PawsConfig) =
    c.Criterion.SupervisedImgsPerClass, c.Criterion.SupervisedViews

let private fit given config fewest =
    let struct (fitted, note) =
        SupportFit.Of(config, HashSet<string>(given: string list), fewest)

    criterion fitted, note

[<Tests>]
let supportFit =
    testList "Runner.SupportFit" [
        for (images, views), fewest, expected in
            [
                (16, 1), 5, (5, 3)
                (64, 2), 5, (5, 26)
                (16, 1), 15, (15, 1)
                (8, 2), 1, (1, 16)
                (7, 1), 2, (2, 4)
            ] do
            test $"{images} images in {views} views, {fewest} labels a class: {expected}" {
                let fitted, note = fit [] (supports images views) fewest
                Expect.equal fitted expected "all there are, in about as many rows"

                Expect.stringContains
                    note
                    $"criterion.supervised_imgs_per_class = {fst expected}, supervised_views = {snd expected} (not {images} and {views})"
                    "said"
            }

        test "enough labels, or a number of the user's own: as it is" {
            Expect.equal (fit [] (supports 16 1) 16) ((16, 1), null) "enough"
            Expect.equal (fit [ "criterion.supervised_imgs_per_class" ] (supports 16 1) 5) ((16, 1), null) "the user's"
        }

        test "views of the user's own stay" {
            Expect.equal (fst (fit [ "criterion.supervised_views" ] (supports 16 1) 5)) (5, 1) "images alone"
        }

        test "a method without supports has none to fit" {
            let other =
                config [ "method.name=simclr"; "criterion.supervised_imgs_per_class=16" ]

            Expect.isNull (snd (fit [] other 5)) "simclr"
        }
    ]

[<Tests>]
let labelFit =
    let fitted given labels (config: PawsConfig) sizes =
        let asked =
            AskedSettings(HashSet<string>(given: string list), Option.toNullable labels)

        let data = LabelFit.Of(config, asked, List.toArray sizes).Data
        data.LabelsPerClass, data.Labels

    let perClass number =
        config [ $"data.labels_per_class={number}" ]

    let none = Nullable<int>()

    testList "Runner.LabelFit" [
        test "a number that each class has stays a number a class" {
            Expect.equal (fitted [] (Some 6) (perClass 2) [ 2; 9; 3 ]) (Nullable 2, null) "--labels"
            Expect.equal (fitted [] None (perClass 2) [ 2; 9; 3 ]) (Nullable 2, null) "a preset"
        }
        test "where a class has fewer, the number in all stays" {
            Expect.equal (fitted [] (Some 9) (perClass 3) [ 2; 9; 3 ]) (none, "9") "--labels"
            Expect.equal (fitted [] None (perClass 3) [ 2; 9; 3 ]) (none, "9") "a preset"
        }
        test "a preset's number is bounded by the images there are, the user's is not" {
            Expect.equal (fitted [] None (perClass 25) [ 2; 9; 3 ]) (none, "all") "a preset"
            Expect.equal (fitted [] (Some 75) (perClass 25) [ 2; 9; 3 ]) (none, "75") "--labels: refused by the draw"
        }
        test "classes that were counted otherwise before the data was opened" {
            Expect.equal (fitted [] (Some 40) (perClass 20) [ 9; 9; 9; 9 ]) (none, "40") "40 in all, not 20 a class"
            Expect.equal (fitted [] (Some 8) (config [ "data.labels=8" ]) [ 9; 9; 9; 9 ]) (Nullable 2, null) "2 a class"
        }
        test "a number a class of the user's own stays, but for --labels, which is later" {
            Expect.equal (fitted [ "data.labels_per_class" ] None (perClass 3) [ 2; 9; 3 ]) (Nullable 3, null) "refused by the draw"
            Expect.equal (fitted [ "data.labels" ] None (config [ "data.labels=6" ]) [ 9; 9; 9 ]) (none, "6") "in all"
            Expect.equal (fitted [ "data.labels_per_class" ] (Some 9) (perClass 3) [ 2; 9; 3 ]) (none, "9") "--labels"
        }
    ]
