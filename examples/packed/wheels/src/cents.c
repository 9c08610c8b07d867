#include <Python.h>

static PyObject *cents(PyObject *self, PyObject *amount) {
  (void)self;
  double value = PyFloat_AsDouble(amount);
  return PyErr_Occurred() ? NULL : PyLong_FromDouble(value * 100 + 0.5);
}

static PyMethodDef methods[] = {{"cents", cents, METH_O, "The amount in cents."}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "acme_payments_wheels", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_acme_payments_wheels(void) { return PyModule_Create(&module); }
