module Paws.Tests.Data.SamplingTests

open System
open Expecto
open Paws.Data
open Paws.Data.Augment
open Paws.Data.Loading
open Paws.Data.Sampling

let private recipe size =
    ViewRecipe(Size = size, RandomCrop = false)

let private message make =
    let problem = Expect.throwsC (fun () -> make () |> ignore) id
    Expect.equal (problem.GetType()) typeof<DataException> "the user's mistake"
    problem.Message

[<Tests>]
let tests =
    testList "Data.Sampling" [
        test "a class with too few labels is named, with the counts and the remedy" {
            let labels = [| 0; 0; 0; 1; 1; 1; 1; 0 |]

            Expect.equal
                (message (fun () -> SupportSampler(labels, [| 0; 3; 4; 5; 6; 7 |], [| "cat"; "dog" |], 2, 3, 1UL)))
                "class 'cat' has 2 labeled images, but a support mini-batch takes 3 of each class: label more, or set criterion.supervised_imgs_per_class to at most 2"
                "few"

            Expect.equal
                (message (fun () -> SupportSampler(labels, [| 3; 4; 5 |], [| "cat"; "dog" |], 2, 3, 1UL)))
                "class 'cat' has 0 labeled images, but a support mini-batch takes 3 of each class: label images of every class"
                "none"
        }

        test "too few classes, too few images, and no labels are refused with the remedy" {
            Expect.equal
                (message (fun () -> SupportSampler([| 0; 1 |], [| 0; 1 |], [| "cat"; "dog" |], 3, 1, 1UL)))
                "the data set has 2 classes, but a support mini-batch takes 3: set criterion.classes_per_batch to at most 2"
                "classes"

            Expect.equal
                (message (fun () -> UnlabeledSampler(100, 64, 1UL, 0, 2)))
                "the training set has 100 images, fewer than one unlabeled batch (64 on each of 2 ranks): set criterion.unsupervised_batch_size to at most 50"
                "images"

            Expect.stringContains (message (fun () -> SupervisedPlanner([| 0 |], [||], recipe 8, 4, 1UL))) "no labeled images" "labels"
        }

        test "a PAWS plan: supports view by view, two large views, then small views crop by crop" {
            let labels = Array.init 40 (fun i -> i % 2)
            let unlabeled = UnlabeledSampler(40, 5, 3UL)
            let support = SupportSampler(labels, [| 0..19 |], [| "a"; "b" |], 2, 3, 3UL)

            let planner =
                PawsPlanner(unlabeled, support, recipe 32, recipe 18, 2, 3, Nullable 30)

            let plan = planner.At 9
            let draw = support.At 9
            let images = unlabeled.At(9).ToArray()

            Expect.equal planner.StepsPerEpoch 8 "steps of an epoch"
            Expect.equal (plan.Epoch, plan.Step) (1, 9) "place"
            Expect.equal plan.SupportClasses draw.Classes "classes of one view"
            Expect.equal (plan.Groups |> Seq.map (fun g -> g.Recipe.Size) |> Seq.toList) [ 32; 18 ] "resolutions"

            let rows (samples: int[]) view epoch =
                samples |> Array.map (fun s -> BatchRow(s, view, epoch))

            Expect.equal
                plan.Groups[0].Rows
                (Array.concat [
                    rows draw.Samples 0 -10
                    rows draw.Samples 1 -10
                    rows images 0 1
                    rows images 1 1
                ])
                "large"

            Expect.equal plan.Groups[1].Rows (Array.concat [ for v in 2..4 -> rows images v 1 ]) "small"
            Expect.isNull (planner.At 30) "the end"

            let without = PawsPlanner(unlabeled, support, recipe 32, recipe 18, 1, 0)
            Expect.equal (without.At 0).Groups.Count 1 "no small views, no group"
        }

        test "evaluation goes through the images in order" {
            let planner = SequentialPlanner([| 7; 3; 9; 1; 5 |], recipe 8, 2)

            let plans =
                List.unfold (fun step -> planner.At step |> Option.ofObj |> Option.map (fun p -> p, step + 1)) 0

            let samples = [ for p in plans -> [ for r in p.Groups[0].Rows -> r.Sample ] ]
            Expect.equal samples [ [ 7; 3 ]; [ 9; 1 ]; [ 5 ] ] "chunks"
            Expect.equal planner.Steps 3 "number of chunks"
        }

        test "supervised batches walk through the labeled images, and may be larger than there are" {
            let labels = Array.init 20 (fun i -> i % 4)
            let labeled = [| 2; 5; 8; 11; 14 |]
            let planner = SupervisedPlanner(labels, labeled, recipe 8, 3, 6UL)

            let rows = [
                for step in 0..9 do
                    let plan = planner.At step
                    let rows = plan.Groups[0].Rows
                    Expect.equal plan.SupportClasses [| for r in rows -> labels[r.Sample] |] "labels"
                    yield! rows
            ]

            for pass in List.chunkBySize 5 rows do
                Expect.equal (pass |> List.map (fun r -> r.Sample) |> List.sort) (List.ofArray labeled) "each once a pass"

            Expect.equal (List.distinct rows).Length rows.Length "no view twice"
            let wide = SupervisedPlanner(labels, labeled, recipe 8, 12, 6UL)
            Expect.equal (wide.At 0).Groups[0].Rows.Length 12 "a batch of 12 from 5 images"
        }

        test "fine-tuning plans hold the supports only" {
            let labels = Array.init 40 (fun i -> i % 2)
            let support = SupportSampler(labels, [| 0..39 |], [| "a"; "b" |], 2, 5, 3UL)
            let planner = SupportPlanner(support, recipe 32, 2, Nullable 8)
            let plan = planner.At 5
            Expect.equal planner.StepsPerEpoch 4 "40 images, 10 a step"
            Expect.equal plan.Epoch 1 "second epoch"
            Expect.equal [| for r in plan.Groups[0].Rows[..9] -> r.Sample |] (support.At 5).Samples "view 1"
            Expect.equal [| for r in plan.Groups[0].Rows[10..] -> r.Sample |] (support.At 5).Samples "view 2"
            Expect.isNull (planner.At 8) "the end"
        }
    ]
