module Paws.Tests.CheckpointFiles

open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open Paws.Runner
open Paws.Runner.Checkpoints

/// The element types a checkpoint can have.
let elementTypes = [|
    torch.float64
    torch.float32
    torch.float16
    torch.bfloat16
    torch.int64
    torch.int32
    torch.int16
    torch.int8
    torch.uint8
    torch.bool
|]

let noMetadata = Dictionary<string, string>()

/// Names and tensors as the runner takes them.
let named (tensors: (string * torch.Tensor) list) =
    tensors |> Seq.map (fun (name, tensor) -> struct (name, tensor))

let write path tensors (metadata: Dictionary<string, string>) =
    SafeTensorsWriter.Write(path, named tensors, metadata)

/// The elements' bytes in logical order. The copy that a permuted tensor needs must live until they are read: a span does not hold it.
let private bytes (tensor: torch.Tensor) =
    use contiguous = tensor.contiguous ()
    contiguous.bytes.ToArray()

/// Same element type, shape and elements; NaN equals NaN.
let expectSame (expected: torch.Tensor) (actual: torch.Tensor) name =
    Expect.equal actual.dtype expected.dtype $"{name}: dtype"
    Expect.sequenceEqual actual.shape expected.shape $"{name}: shape"
    Expect.sequenceEqual (bytes actual) (bytes expected) $"{name}: elements"

/// The one line of a user error; any other outcome fails the test.
let userError (action: unit -> unit) =
    try
        action ()
        failtest "no error was raised"
    with :? UserErrorException as error ->
        Expect.isFalse (error.Message.Contains '\n') "one line"
        error.Message

/// A disk with room for so many bytes.
type internal SmallDisk(room: int) =
    inherit FileSteps()

    override _.Create path =
        let file = base.Create path
        let mutable left = room

        {
            new MemoryStream() with
                override _.Write(bytes: ReadOnlySpan<byte>) =
                    left <- left - bytes.Length

                    if left < 0 then
                        raise (IOException("No space left on device", 28))

                    file.Write bytes

                override _.Dispose disposing =
                    file.Dispose()
                    base.Dispose disposing
        }

/// The machine stops before the given step: that step and all later ones, cleaning up included, do not happen.
type internal StopsAt(step: int) =
    inherit FileSteps()
    let mutable taken = 0

    let next () =
        taken <- taken + 1

        if taken >= step then
            raise (IOException "the machine stopped")

    member _.Taken = taken

    override _.Create path =
        next ()
        base.Create path

    override _.FlushToDisk stream =
        next ()
        base.FlushToDisk stream

    override _.Move(source, target) =
        next ()
        base.Move(source, target)

    override _.Delete path =
        next ()
        base.Delete path
