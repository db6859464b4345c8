module Paws.Tests.Model.ContrastiveProps

open Expecto
open TorchSharp
open Paws.Model
open Paws.Tests

let private identity classes perClass : torch.Tensor =
    torch.eye(int64 classes, dtype = torch.float64).repeat(int64 perClass, 1L)

[<Tests>]
let tests =
    testList "Model.Losses.Contrastive" [
        Law.forall "NT-Xent: the order of images, lengths and rotations do not matter; views may change places" (fun case random ->
            let views = Draw.gaussian random (2 * case.Batch) case.Dim
            let halves = views.chunk (2L, 0L)
            let order = Draw.permutation random case.Batch
            let expected = NtXentLoss.evaluate case.Temperature views

            let same name x =
                Law.close name expected (NtXentLoss.evaluate case.Temperature x)

            same "images" (torch.cat [| halves[0].index_select(0L, order); halves[1].index_select(0L, order) |])
            same "lengths" (views * (Draw.gaussian random (2 * case.Batch) 1).exp())
            same "rotation" (views.mm (Draw.rotation random case.Dim))
            same "views" (torch.cat [| halves[1]; halves[0] |]))

        Law.forall "NT-Xent: detaching what a row is compared with changes the gradient, not the value; never negative" (fun case random ->
            let views = Draw.gaussian random (2 * case.Batch) case.Dim
            let value = NtXentLoss.evaluate case.Temperature views
            Law.close "value" value (NtXentLoss.evaluateDetachedNegatives case.Temperature views)
            Expect.isGreaterThanOrEqual (value.ToDouble()) -1e-12 "a share of 1 at most")

        Law.forall "SuNCEt: orders of rows and of classes, lengths and rotations do not matter" (fun case random ->
            let case = {
                case with
                    ImagesPerClass = case.ImagesPerClass + 1
            }

            let z, labels = Draw.gaussian random case.Supports case.Dim, Draw.labels case
            let expected = SuncetLoss.evaluate case.Temperature z labels

            let same name z labels =
                Law.close name expected (SuncetLoss.evaluate case.Temperature z labels)

            let rows, classes =
                Draw.permutation random case.Supports, Draw.permutation random case.Classes

            same "rows" (z.index_select (0L, rows)) (labels.index_select (0L, rows))
            same "classes" z (labels.index_select (1L, classes))
            same "lengths" (z * (Draw.gaussian random case.Supports 1).exp()) labels
            same "rotation" (z.mm (Draw.rotation random case.Dim)) labels)

        testCase "SuNCEt: well separated classes cost almost nothing, equal embeddings log of the class's share" (fun () ->
            use scope = torch.NewDisposeScope()
            let labels = identity 3 4
            Expect.isLessThan ((SuncetLoss.evaluate 0.05 labels labels).ToDouble()) 1e-7 "separated"
            let equal = torch.ones (12L, 5L, dtype = torch.float64)
            // Of the 11 other rows 3 have the row's class.
            Expect.floatClose Accuracy.veryHigh ((SuncetLoss.evaluate 0.1 equal labels).ToDouble()) (log (11.0 / 3.0)) "equal")

        testCase "a class with a single image is finite" (fun () ->
            use scope = torch.NewDisposeScope()
            let z = (Draw.gaussian (System.Random 3) 3 4).requires_grad_()
            let value = SuncetLoss.evaluate 0.1 z (torch.eye (3L, dtype = torch.float64))
            value.backward ()
            Law.finite "value" value
            Law.finite "gradient" z.grad)
    ]
