module Paws.Tests.Model.ScalarsTests

open System
open System.Threading
open Expecto
open TorchSharp
open Paws.Model

/// Runs while another thread does nothing but collect garbage and run finalisers.
let private whileCollecting (action: unit -> unit) =
    use stop = new CancellationTokenSource()

    let collector =
        Thread(fun () ->
            while not stop.IsCancellationRequested do
                GC.Collect 0
                GC.WaitForPendingFinalizers())

    collector.Start()

    try
        action ()
    finally
        stop.Cancel()
        collector.Join()

[<Tests>]
let tests =
    testList "Model.Scalars" [
        test "values" {
            use _ = torch.NewDisposeScope()
            let x = torch.tensor [| 1.0; 2.0 |]
            let y = torch.tensor [| 10.0; 20.0 |]
            Expect.sequenceEqual ((Scalars.add x y).data<float>().ToArray()) [ 11.0; 22.0 ] "add"
            Expect.sequenceEqual ((Scalars.shift 0.5 x).data<float>().ToArray()) [ 1.5; 2.5 ] "shift"
            Scalars.addTo y x |> ignore
            Expect.sequenceEqual (y.data<float>().ToArray()) [ 11.0; 22.0 ] "addTo"
            let counter = torch.zeros (1L, dtype = torch.int64)
            Scalars.increment counter
            Expect.sequenceEqual (counter.data<int64>().ToArray()) [ 1L ] "increment keeps whole numbers whole"
        }

        testSequenced
        <| test "numbers outlive the call that is given them, whatever the collector does" {
            whileCollecting (fun () ->
                let counter, sum =
                    torch.zeros (1L, dtype = torch.int64), torch.zeros (1L, dtype = torch.float64)

                use one = torch.ones (1L, dtype = torch.float64)

                for _ in 1..40000 do
                    use _ = torch.NewDisposeScope()
                    Scalars.increment counter
                    Scalars.addTo sum (Scalars.multiply 0.5 one |> Scalars.shift 0.5) |> ignore

                Expect.equal (counter.item<int64>()) 40000L "counted"
                Expect.equal (sum.item<float>()) 40000.0 "summed"
                counter.Dispose()
                sum.Dispose())
        }
    ]
